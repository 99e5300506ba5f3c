import { setUp } from './provide.ts';

try {
  await setUp();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
