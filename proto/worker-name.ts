/** A worker's name: where it runs, and what no other process there shares with it. */
export function workerName(place: string, pid: number, random: string): string {
  return `${workerNameOfProcess(place, pid)}${random}`;
}

/** What the names of this process's workers begin with. */
export function workerNameOfProcess(place: string, pid: number): string {
  return `${place}-${pid}-`;
}
