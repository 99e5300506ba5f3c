import { endGroupFrame, endReportMs } from './frames.ts';

/** Asks the remote shell to end process groups, and waits for what it reports about them. */
export class GroupEnder {
  readonly #write: (frame: string) => void;
  readonly #reports = new Map<number, (gone: boolean) => void>();
  #lost = false;

  constructor(write: (frame: string) => void) {
    this.#write = write;
  }

  /** Resolves with whether the group is gone; a shell that does not report counts as no. */
  end(group: number): Promise<boolean> {
    if (this.#lost) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        report(false);
      }, endReportMs);
      const report = (gone: boolean): void => {
        clearTimeout(timer);
        this.#reports.delete(group);
        resolve(gone);
      };
      this.#reports.set(group, report);
      this.#write(endGroupFrame(group));
    });
  }

  onMarker([verb, group]: readonly string[]): void {
    this.#reports.get(Number(group))?.(verb === 'gone');
  }

  lose(): void {
    this.#lost = true;
    for (const report of [...this.#reports.values()]) report(false);
  }
}
