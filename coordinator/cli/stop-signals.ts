import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Signals that ask this process to end; SIGHUP comes when its terminal is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls back at every such signal, counted from 1, instead of ending the process; returns how to take that back. */
export function onStopSignals(listener: (count: number, signal: NodeJS.Signals) => void): () => void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  let count = 0;
  const receive = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && count === 0) process.once('exit', () => closeAll(terminals));
    listener(++count, signal);
  };
  for (const signal of SIGNALS) process.on(signal, receive);
  return () => {
    for (const signal of SIGNALS) process.off(signal, receive);
  };
}

/** Node.js puts a terminal's settings back when it exits, and aborts when the terminal has gone; not when it is closed. */
function closeAll(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) {
    try {
      closeSync(descriptor);
    } catch {
      // closed already
    }
  }
}
