import * as z from 'zod';
import { durationSchema } from '../model/duration.ts';
import { identifier, varsSchema } from '../inventory/inventory-schema.ts';

const share = /^(?:100(?:\.0+)?|[1-9]?[0-9](?:\.[0-9]+)?)%$/;
const shareAboveNone = /^(?!0+(?:\.0+)?%)(?:100(?:\.0+)?|[1-9]?[0-9](?:\.[0-9]+)?)%$/;

/** A number of hosts, or a share of them. */
const hostCount = (least: number): z.ZodType<BatchInput> =>
  z.union([
    z.int().min(least),
    z
      .string()
      .regex(least === 0 ? share : shareAboveNone, 'must be a number of hosts, or a share of them such as "10%"'),
  ]);
export type BatchInput = number | string;

const tagsSchema = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .describe('Names for --tags and --skip-tags.');

/** What every step may have beside its operation. */
export const controlsSchema = z.strictObject({
  name: z.string().min(1).optional().describe('What messages call the step.'),
  when: z
    .union([z.string().min(1), z.boolean()])
    .optional()
    .describe('An expression; where it is false the step is not needed.'),
  register: z
    .string()
    .regex(identifier, 'must be letters, digits and _, so that an expression can say it')
    .optional()
    .describe("A name for the step's result, for the expressions of later steps."),
  loop: z
    .union([z.array(z.json()), z.string().min(1)])
    .optional()
    .describe('The step is done once for each of these; expressions say item.'),
  retries: z.int().min(0).max(1000).optional().describe('How often a failed step is tried again.'),
  delay: durationSchema.optional().describe('Between two tries; 5s when absent.'),
  until: z.string().min(1).optional().describe('An expression; the step is tried again until it is true.'),
  timeout: durationSchema.optional().describe('How long the step may take on a host.'),
  tags: tagsSchema.optional(),
  on_error: z
    .enum(['fail', 'continue'])
    .optional()
    .describe('What a failure means for the host: it stops (fail), or goes on with the next step.'),
  max_unavailable: z
    .union([
      z.int().min(1),
      z.strictObject({
        members: z.int().min(1).describe('How many of them.'),
        service: z.string().min(1).describe('What steps that share the limit have in common: any name.'),
      }),
    ])
    .optional()
    .describe(
      'On so many hosts at once, at most, something is changed by the step; hosts where it has failed count. With members and service: steps of one service share that.',
    ),
  become: z.boolean().optional().describe("Whether the step runs as root; the play's setting when absent."),
  read_only: z
    .boolean()
    .optional()
    .describe('For command and script: it changes nothing, so it runs in the preview too.'),
});

const inner = z.array(z.unknown()).min(1);
const { when, tags, become } = controlsSchema.shape;

/** Steps that stand together, themselves unread: they depend on the operations. */
export const blockSchema = z.strictObject({
  name: z.string().min(1).optional().describe('What messages call the block.'),
  when: when.describe('An expression; where it is false no step of the block is needed.'),
  tags,
  become: become.describe(
    "Whether its steps run as root, unless they say so themselves; the play's setting when absent.",
  ),
  block: inner.describe('Steps that stand together.'),
  rescue: inner
    .optional()
    .describe(
      'What is done on a host where a step of the block has failed. When it succeeds, the host goes on after the block.',
    ),
  always: inner.optional().describe('What is done after block and rescue, whatever became of them.'),
});

/** A play, its steps unread: they depend on the operations. */
export const playSchema = z.strictObject({
  name: z.string().min(1).optional().describe('What messages call the play.'),
  hosts: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe('A pattern of hosts: web:&production:!web-03.'),
  become: z.boolean().optional().describe("Whether its steps run as root; the inventory's setting when absent."),
  batch: z
    .union([hostCount(1), z.array(hostCount(1)).min(1)])
    .optional()
    .describe(
      'Hosts per wave: a number, a share ("10%"), or a list of them; the last one repeats. All at once when absent.',
    ),
  max_failures: hostCount(0)
    .optional()
    .describe('When more hosts than this have failed, the next wave does not start; 0 when absent.'),
  any_errors_fatal: z
    .boolean()
    .optional()
    .describe('As soon as one host has failed, every other one stops at its next step.'),
  vars: varsSchema.nullable().optional(),
  tags: tagsSchema.optional(),
  steps: z.array(z.unknown()).min(1).describe('What is done on each host, in order.'),
});

/** The keys that make an item of `steps` a block. */
export const blockParts = ['block', 'rescue', 'always'] as const;
export type BlockPart = (typeof blockParts)[number];
export const blockKeys: readonly string[] = Object.keys(blockSchema.shape);

export const controlNames: readonly string[] = Object.keys(controlsSchema.shape);
export type Controls = z.output<typeof controlsSchema>;
