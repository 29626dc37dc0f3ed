/** What comes of a grid. */
import type { Summary } from '../evaluation/aggregate.js';
import type { CrossvalResults } from './crossval-results.js';

/** A cell with what came of it. */
export interface CellResults {
  name: string;
  protocol: string;
  folder: string;
  results: CrossvalResults;
  /** By figure: this cell less the first cell of the protocol, paired by fold; empty for that one. */
  difference: Record<string, Summary>;
}

/** What `results.json` of the grid holds. */
export interface AblateResults {
  name: string;
  cells: CellResults[];
  done: number;
  all: number;
}
