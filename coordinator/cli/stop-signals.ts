/** Signals that ask this process to end; SIGHUP comes when its terminal is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls back at every such signal, counted from 1, instead of ending the process; returns how to take that back. */
export function onStopSignals(listener: (count: number, signal: NodeJS.Signals) => void): () => void {
  let count = 0;
  const receive = (signal: NodeJS.Signals): void => listener(++count, signal);
  for (const signal of SIGNALS) process.on(signal, receive);
  return () => {
    for (const signal of SIGNALS) process.off(signal, receive);
  };
}
