import type { Progress } from '../../run/report/progress.ts';
import { duration } from '../words.ts';

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.2 of 3.4 GiB copied, 210 MiB/s, 11 s left`: with what is not known yet left out. */
export function progressText({ what, bytes, total, rate, left }: Progress): string {
  const power = powerOf(total);
  return [
    `${inPowers(bytes, power)} of ${inPowers(total, power)} ${unit(power)} ${what}`,
    ...(rate === undefined ? [] : [`${inPowers(rate, powerOf(rate))} ${unit(powerOf(rate))}/s`]),
    ...(left === undefined ? [] : [`${duration(left)} left`]),
  ].join(', ');
}

/** Which of the units a number of bytes is told in. */
function powerOf(bytes: number): number {
  const power = units.findIndex((_, index) => bytes < 1024 ** (index + 1));
  return power === -1 ? units.length - 1 : power;
}

function inPowers(bytes: number, power: number): string {
  const value = bytes / 1024 ** power;
  return String(Number(value.toFixed(value < 100 ? 1 : 0)));
}

function unit(power: number): string {
  return units[power] ?? 'bytes';
}
