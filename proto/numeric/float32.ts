import { exp } from './exp.js';
import { log } from './log.js';

/*
 * Functions of float32: of a float32 number, the float32 nearest to the exact value, ties to even. That they are so for all 2^32
 * numbers is proven by trying them all (test/proof).
 */

/** e^x. */
export function exp32(x: number): number {
  return Math.fround(exp(x));
}

/**
 * The natural logarithm; -Infinity for 0 and -0, NaN below. Of five numbers the float64 nearest to log x is the very middle of two
 * float32 numbers and the tie goes the wrong way, which no float64 logarithm could mend: they are told apart.
 */
export function log32(x: number): number {
  switch (x) {
    case 0.011794382706284523:
      return -4.440131664276123;
    case 9.472636222839355:
      return 2.2484071254730225;
    case 58037908:
      return 17.87660789489746;
    case 1.2783783694984994e23:
      return 53.20505142211914;
    case 5.498306075456329e28:
      return 66.17682647705078;
    default:
      return Math.fround(log(x));
  }
}
