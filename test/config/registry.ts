import { z } from 'zod';
import type { Registry } from '../../src/config/playbook/step.ts';
import type { Operation } from '../../src/operations/engine/operation.ts';
import { parseSize, SizeError } from '../../src/values/size.ts';

function operation(name: string, schema: z.ZodType): readonly [string, Operation] {
  return [
    name,
    {
      name,
      summary: `Does ${name}`,
      schema,
      readOnly: false,
      repeats: false,
      needs: () => [],
      plan: () => ({ outcome: 'noop', reason: 'test' }),
      touches: () => ({ reads: [], changes: [] }),
    },
  ];
}

const size = z.string().superRefine((text, context) => {
  try {
    parseSize(text);
  } catch (thrown) {
    if (!(thrown instanceof SizeError)) throw thrown;
    context.addIssue({ code: 'custom', message: thrown.message });
  }
});

const words = z.array(z.string()).min(1);
const long = z.strictObject({ argv: words, read_only: z.boolean().default(false), stdin: z.string().optional() });
const text = z.strictObject({ text: z.string(), read_only: z.boolean().default(false) });

/** A few operations whose schemas have the shapes that matter, so that the cases do not move with the real ones. */
export const registry: Registry = new Map([
  operation('grow_rootfs', z.strictObject({ container: z.string(), size })),
  operation('docker_inspect', z.strictObject({ container: z.string() })),
  operation('command', z.union([words.transform((argv) => ({ argv })).pipe(long), long])),
  operation(
    'script',
    z.union([
      z
        .string()
        .transform((script) => ({ text: script }))
        .pipe(text),
      text,
    ]),
  ),
  operation('wait_for', z.strictObject({ port: z.int().min(1).max(65_535), every: z.number().default(1) })),
  operation(
    'scale_volume',
    z
      .strictObject({
        volume: z.string().regex(/^[a-z]{2,}$/, 'must be two or more small letters'),
        size: size.optional(),
        count: z.int().optional(),
      })
      .refine(({ size: bytes, count }) => (bytes === undefined) !== (count === undefined), 'give either size or count'),
  ),
]);
