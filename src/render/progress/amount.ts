import type { Progress } from '../../run/report/progress.ts';
import { byteUnits, powerOf } from '../../values/size.ts';
import { duration } from '../words.ts';

/** `1.2 of 3.4 GiB copied, 210 MiB/s, 11 s left`: with what is not known yet left out. */
export function progressText({ what, bytes, total, rate, left }: Progress): string {
  const power = powerOf(total);
  return [
    `${inPowers(bytes, power)} of ${inPowers(total, power)} ${unit(power)} ${what}`,
    ...(rate === undefined ? [] : [`${inPowers(rate, powerOf(rate))} ${unit(powerOf(rate))}/s`]),
    ...(left === undefined ? [] : [`${duration(left)} left`]),
  ].join(', ');
}

function inPowers(bytes: number, power: number): string {
  const value = bytes / 1024 ** power;
  return String(Number(value.toFixed(value < 100 ? 1 : 0)));
}

function unit(power: number): string {
  return byteUnits[power] ?? 'bytes';
}
