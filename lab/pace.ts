import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Milliseconds on a quiet machine with two cores of 2025; that of an fsync is of a slow disk. */
const quiet = { processes: 200, hash: 130, fsync: 200 };
/** A machine that is slower than this is broken: its limits would never come. */
const slowest = 20;

/**
 * How many times longer things may take now than on a quiet machine, at least 1: measured once, and handed on to
 * every process by $PLIMSOLL_PACE, which also overrides it. Limits are only there to end what hangs, so what
 * is measured counts double: other work may come.
 */
export function pace(): number {
  const given = Number(process.env['PLIMSOLL_PACE']);
  if (given >= 1) return given;
  const measured = Math.max(took(processes) / quiet.processes, took(hash) / quiet.hash, took(fsync) / quiet.fsync);
  const pace = Math.min(slowest, Math.max(1, Math.round(measured * 20) / 10));
  process.env['PLIMSOLL_PACE'] = String(pace);
  return pace;
}

/** A limit in milliseconds, as it is on a quiet machine, for this one. */
export function limit(milliseconds: number): number {
  return Math.round(milliseconds * pace());
}

function took(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

function processes(): void {
  for (let number = 0; number < 60; number += 1) spawnSync('/bin/sh', ['-c', ':']);
}

function hash(): void {
  const block = Buffer.alloc(1024 ** 2);
  const digest = createHash('sha256');
  for (let number = 0; number < 200; number += 1) digest.update(block);
  digest.digest();
}

function fsync(): void {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-pace-'));
  const file = openSync(join(directory, 'file'), 'w');
  for (let number = 0; number < 20; number += 1) {
    writeSync(file, 'x');
    fsyncSync(file);
  }
  closeSync(file);
  rmSync(directory, { recursive: true });
}
