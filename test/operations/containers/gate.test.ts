import { expect, it } from 'vitest';
import { recreateContainer } from '../../../src/operations/containers/recreate/recreate-container.ts';
import { replaceContainers } from '../../../src/operations/containers/replace/replace.ts';
import { recordedSpec } from '../../facts/recorded-specs.ts';

it('counts the seconds of a gate as a shell does: whole ones, never fewer than asked', () => {
  const { gate } = recreateContainer.schema.parse({ container: 'plain', gate: { seconds: 0.5 } });
  const {
    actions: [action],
  } = replaceContainers({
    subject: 'container:plain',
    containers: [{ spec: recordedSpec('docker-28', 'plain'), patch: {} }],
    gate,
  });
  expect(action?.kind === 'exec' ? action.stdin : '').toMatch(/^gate_seconds=1 /m);
});
