import { AppError, type ConfigIssue } from '../../errors.ts';
import { showPlace } from '../yaml/source.ts';

/** A value of a playbook that turned out wrong once its expressions had their values. */
export class ResolveError extends AppError {
  readonly issue: ConfigIssue;

  constructor(issue: ConfigIssue, cause?: unknown) {
    const { file, line = 1, column = 1, message } = issue;
    super('config', message, { where: showPlace({ file, line, column }), ...(cause === undefined ? {} : { cause }) });
    this.name = 'ResolveError';
    this.issue = issue;
  }
}
