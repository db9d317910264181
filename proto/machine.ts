import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';
import { packageFile } from './package-root.js';

/** What computes: of a search's provenance. Nothing of it may change a bit of any result (docs/numerics.md). */
export interface Machine {
  /** Vernier's. */
  version: string;
  /** Node.js's version. */
  node: string;
  /** V8's version. */
  v8: string;
  /** Operating system and its release: `linux 6.1.0`. */
  system: string;
  /** `x64`, `arm64`, ... */
  architecture: string;
  /** The processor's model; empty where it is not told. */
  processor: string;
}

/** The program's version, out of its package. */
export function programVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}

/** This program on this machine. */
export function thisMachine(): Machine {
  const { node, v8 } = process.versions;
  return {
    version: programVersion(),
    node,
    v8,
    system: `${platform()} ${release()}`,
    architecture: arch(),
    processor: cpus()[0]?.model.trim() ?? '',
  };
}
