/** The package has no types of its own; what is used of it. */
declare module 'asciichart' {
  interface PlotConfig {
    /** Rows between the least and the greatest value. */
    height: number;
    /** Columns before the first value. */
    offset: number;
    /** A row's label, always of the same width. */
    format: (value: number) => string;
    min: number;
    max: number;
  }

  /** Lines of text, one column a value. */
  export function plot(series: number[][], config: PlotConfig): string;
}
