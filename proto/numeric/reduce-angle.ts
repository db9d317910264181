import { highWord } from './bits.js';

/** An angle within its quadrant: x = quadrant * pi / 2 + high + low, |high| at most about pi / 4. */
export interface ReducedAngle {
  /** 0 to 3. */
  quadrant: number;
  high: number;
  low: number;
}

const TWO_OVER_PI = 6.36619772367581382433e-1;
/** pi / 2 in three parts of 33 bits, so that n * part is exact for n up to 2^20, each with what it leaves over. */
const PART_1 = 1.57079632673412561417;
const LEFT_1 = 6.07710050650619224932e-11;
const PART_2 = 6.0771005063039659766e-11;
const LEFT_2 = 2.02226624879595063154e-21;
const PART_3 = 2.0222662487111664558e-21;
const LEFT_3 = 8.47842766036889956997e-32;

const QUARTER_PI = 0.7853981633974483;
/** 2^20 quadrants. */
const MEDIUM = 1647099;
/** How many bits may cancel before the next part of pi / 2 is needed. */
const CANCELS_ONE_PART = 16;
const CANCELS_TWO_PARTS = 49;

/** Finite `x`, by FreeBSD's msun (e_rem_pio2.c, Sun Microsystems 1993); large ones in whole numbers, exactly. */
export function reduceAngle(x: number): ReducedAngle {
  const size = Math.abs(x);
  if (size <= QUARTER_PI) return { quadrant: 0, high: x, low: 0 };
  if (size >= MEDIUM) return reduceLarge(x);
  const n = Math.floor(x * TWO_OVER_PI + 0.5);
  let rest = x - n * PART_1;
  let subtract = n * LEFT_1;
  let high = rest - subtract;
  const exponent = exponentOf(x);
  if (exponent - exponentOf(high) > CANCELS_ONE_PART) {
    let before = rest;
    subtract = n * PART_2;
    rest = before - subtract;
    subtract = n * LEFT_2 - (before - rest - subtract);
    high = rest - subtract;
    if (exponent - exponentOf(high) > CANCELS_TWO_PARTS) {
      before = rest;
      subtract = n * PART_3;
      rest = before - subtract;
      subtract = n * LEFT_3 - (before - rest - subtract);
      high = rest - subtract;
    }
  }
  return { quadrant: n & 3, high, low: rest - high - subtract };
}

function exponentOf(x: number): number {
  return (highWord(x) >> 20) & 0x7ff;
}

/** 2 / pi and pi / 2, rounded down to so many binary places. */
const PLACES_TWO_OVER_PI = 1216n;
const BIG_TWO_OVER_PI =
  0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babn;
const PLACES_HALF_PI = 192n;
const BIG_HALF_PI = 0x1921fb54442d18469898cc51701b839a252049c1114cf98e8n;
/** 2^-96; its square undoes PLACES_HALF_PI. */
const SCALE = 1.262177448353619e-29;

/** The product with 2 / pi in whole numbers: 1216 places leave 192 right ones below the largest float64. */
function reduceLarge(x: number): ReducedAngle {
  const size = Math.abs(x);
  // A float64 of at least 2^20 has at most 32 places; from 2^53 on it has none.
  const [whole, ownPlaces] = size < 9007199254740992 ? [BigInt(x * 4294967296), 32n] : [BigInt(x), 0n];
  const places = PLACES_TWO_OVER_PI + ownPlaces;
  const quadrants = whole * BIG_TWO_OVER_PI;
  const n = (quadrants + (1n << (places - 1n))) >> places;
  const share = (quadrants - (n << places)) >> (places - PLACES_HALF_PI);
  const angle = (share * BIG_HALF_PI) >> PLACES_HALF_PI;
  const high = Number(angle);
  const low = Number(angle - BigInt(high));
  return { quadrant: Number(n & 3n), high: high * SCALE * SCALE, low: low * SCALE * SCALE };
}
