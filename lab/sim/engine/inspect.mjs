// Standard input: one JSON object on each line, with the keys that Docker gives. Argument: a template for each of them.
import { readFileSync } from 'node:fs';
import { TemplateError, render } from './template.mjs';

const [template] = process.argv.slice(2);
try {
  for (const line of readFileSync(0, 'utf8').split('\n')) if (line !== '') process.stdout.write(`${render(template, JSON.parse(line))}\n`);
} catch (error) {
  if (!(error instanceof TemplateError)) throw error;
  process.stdout.write('\n');
  process.stderr.write(`template parsing error: template: :1:1: executing "" at <sim>: ${error.message}\n`);
  process.exitCode = 1;
}
