/*
 * As many independent multiplications and additions in vector registers as the processor does at once: what limits the products.
 * One turn is 12 of each; sums and products stay what they are made of, ordinary numbers.
 */

export function multiplyAddPeak<T>(turns: i32, factor: T): T {
  const f = v128.splat<T>(factor);
  let p0 = f,
    p1 = f,
    p2 = f,
    p3 = f,
    p4 = f,
    p5 = f;
  let s0 = f,
    s1 = f,
    s2 = f,
    s3 = f,
    s4 = f,
    s5 = f;
  while (turns != 0) {
    turns--;
    p0 = v128.mul<T>(p0, f);
    s0 = v128.add<T>(s0, f);
    p1 = v128.mul<T>(p1, f);
    s1 = v128.add<T>(s1, f);
    p2 = v128.mul<T>(p2, f);
    s2 = v128.add<T>(s2, f);
    p3 = v128.mul<T>(p3, f);
    s3 = v128.add<T>(s3, f);
    p4 = v128.mul<T>(p4, f);
    s4 = v128.add<T>(s4, f);
    p5 = v128.mul<T>(p5, f);
    s5 = v128.add<T>(s5, f);
    p0 = v128.mul<T>(p0, f);
    s0 = v128.add<T>(s0, f);
    p1 = v128.mul<T>(p1, f);
    s1 = v128.add<T>(s1, f);
    p2 = v128.mul<T>(p2, f);
    s2 = v128.add<T>(s2, f);
    p3 = v128.mul<T>(p3, f);
    s3 = v128.add<T>(s3, f);
    p4 = v128.mul<T>(p4, f);
    s4 = v128.add<T>(s4, f);
    p5 = v128.mul<T>(p5, f);
    s5 = v128.add<T>(s5, f);
  }
  let all = v128.add<T>(v128.add<T>(p0, s0), v128.add<T>(p1, s1));
  all = v128.add<T>(all, v128.add<T>(v128.add<T>(p2, s2), v128.add<T>(p3, s3)));
  all = v128.add<T>(all, v128.add<T>(v128.add<T>(p4, s4), v128.add<T>(p5, s5)));
  return v128.extract_lane<T>(all, 0);
}
