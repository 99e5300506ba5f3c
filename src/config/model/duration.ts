import * as z from 'zod';

const secondsPer: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** `10s`, `5m`, `1h30m`, `500ms`, or a number of seconds. Undefined when it is none of these. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(value)) return undefined;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, number = '0', unit = 's']) => sum + Number(number) * (secondsPer[unit] ?? 1), 0);
}

const longest = 7 * 86_400;

/** Seconds, more than none and at most a week (a timer cannot hold much more). */
export const durationSchema = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const seconds = parseDuration(value);
    if (seconds !== undefined && seconds > 0 && seconds <= longest) return seconds;
    context.addIssue({
      code: 'custom',
      message:
        seconds === undefined
          ? `"${String(value)}" is not a duration: write 10s, 5m or 1h30m`
          : `"${String(value)}" must be more than nothing and at most seven days`,
    });
    return z.NEVER;
  })
  .meta({ description: 'A duration: 10s, 5m, 1h30m, or seconds.' });
