import { ensureKeyPair, isFilled, keyPair, locked, tidy, type Slot } from './cache.ts';
import { buildGolden, goldenSlot } from './golden.ts';
import { buildImage, imageSlot } from './image.ts';
import { kinds, kindSpecs, suites, type Suite } from './kinds.ts';

function present(slot: Slot | undefined): Slot {
  if (slot === undefined)
    throw new Error('qemu-system-x86_64 is not installed: run `npm run lab:setup` as root on Debian');
  return slot;
}

/** Two at a time: a build keeps about one core busy. */
async function inPairs(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = [...tasks];
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined && failure === undefined; task = queue.shift()) {
      try {
        await task();
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all([worker(), worker()]);
  if (failure !== undefined) throw failure.error;
}

/** Builds every image and frozen machine that is not in the cache. */
export async function buildLab(say: (text: string) => void): Promise<void> {
  await locked(
    () => {
      say('waiting for another setup to end');
    },
    async () => {
      await ensureKeyPair();
      const publicKey = keyPair().publicKey;
      if (publicKey === undefined) throw new Error('the lab has no key pair');
      const images = suites.map((suite) => ({ suite, slot: present(imageSlot(suite)) }));
      const goldens = kinds.map((kind) => ({ kind, slot: present(goldenSlot(kind)) }));
      await tidy([...images, ...goldens].map((each) => each.slot));

      const built = new Map<Suite, Promise<void>>();
      const imageTasks = images.map(({ suite, slot }) => {
        let done: (error?: unknown) => void = () => undefined;
        const promise = new Promise<void>((resolve, reject) => {
          done = (error) => {
            if (error === undefined) resolve();
            else reject(error instanceof Error ? error : new Error(String(error)));
          };
        });
        promise.catch(() => undefined); // the task itself reports it
        built.set(suite, promise);
        return async (): Promise<void> => {
          try {
            if (!isFilled(slot)) {
              say(`image ${suite}: begun`);
              await buildImage(suite, slot, publicKey, (text) => {
                say(`image ${suite}: ${text}`);
              });
            }
            done();
          } catch (error) {
            done(error);
            throw error;
          }
        };
      });
      const goldenTasks = goldens
        .filter(({ slot }) => !isFilled(slot))
        .map(({ kind, slot }) => async (): Promise<void> => {
          await built.get(kindSpecs[kind].suite);
          say(`machine ${kind}: begun`);
          await buildGolden(kind, slot, (text) => {
            say(`machine ${kind}: ${text}`);
          });
        });
      await inPairs([...imageTasks, ...goldenTasks]);
    },
  );
}
