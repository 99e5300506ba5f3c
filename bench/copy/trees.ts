import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What is copied. */
export interface Tree {
  readonly name: string;
  readonly files: number;
  readonly bytesOfEach: number;
}

const mebibyte = 1024 ** 2;

/** `share` makes smaller ones of the same kind, for a quick look. */
export function treesOf(share: number): readonly Tree[] {
  const files = (number: number): number => Math.max(1, Math.round(number * share));
  return [
    { name: 'big files', files: files(8), bytesOfEach: 256 * mebibyte },
    { name: 'small files', files: files(20_000), bytesOfEach: 8 * 1024 },
  ];
}

const perDirectory = 100;

/** Nothing in it can be compressed, found twice, or left out as a hole. */
export function makeTree({ files, bytesOfEach }: Tree, at: string): void {
  const block = Buffer.alloc(Math.min(bytesOfEach, mebibyte));
  for (let number = 0; number < files; number += 1) {
    const directory = join(at, String(Math.floor(number / perDirectory)));
    if (number % perDirectory === 0) mkdirSync(directory, { recursive: true });
    const file = join(directory, `file-${String(number)}`);
    randomFillSync(block);
    if (bytesOfEach <= block.length) {
      writeFileSync(file, block);
      continue;
    }
    const opened = openSync(file, 'w');
    for (let written = 0; written < bytesOfEach; written += block.length) {
      block.writeUInt32LE(written / block.length);
      writeSync(opened, block);
    }
    closeSync(opened);
  }
}
