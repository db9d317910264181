/** The wire protocol's version; a worker of another is refused. */
export const PROTOCOL_VERSION = 1;

/**
 * Names the contract of docs/numerics.md. It changes whenever a change could alter a bit of any result, and is part of
 * every digest.
 */
export const NUMERICS_VERSION = '1';
