/** A worker's name: where it runs, and what no other process there shares with it. */
export function workerName(place: string, pid: number, random: string): string {
  return `${workerNameOfProcess(place, pid)}${random}`;
}

/** What the names of this process's workers begin with. */
export function workerNameOfProcess(place: string, pid: number): string {
  return `${place}-${pid}-`;
}

/** A line that a worker writes to stderr however quiet it is, for `vernier run` to pass on. */
export function workerNote(name: string, text: string): string {
  return `worker ${name}: ${text}`;
}

/** The text of such a line; undefined for any other. */
export function textOfWorkerNote(line: string): string | undefined {
  return /^worker [^\s:]+: (.*)$/.exec(line)?.[1];
}
