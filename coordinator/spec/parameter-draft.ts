import type { Distribution } from '../../proto/domain.js';
import type { SourceScalar } from './source.js';

/** A parameter's definition as far as it is sound. */
export interface ParameterDraft {
  /** Dotted path into the trial. */
  name: string;
  keyOffset: number;
  /** Undefined when a mistake leaves it open. */
  distribution: Distribution | undefined;
  /** No `distribution` was written: W&B's rule chose it. */
  inferred: boolean;
  /** The definition's own scalars, for telling a mistake where it is written. */
  min: SourceScalar | undefined;
  max: SourceScalar | undefined;
  /** Of a constant or categorical parameter. */
  values: SourceScalar[];
}
