import { garciaSanz2020 } from './garcia-sanz-2020.js';
import type { Paper } from './paper.js';

/** What `vernier reproduce` knows. */
export const PAPERS: readonly Paper[] = [garciaSanz2020];
