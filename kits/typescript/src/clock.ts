/** Clocks: the wall clock and the monotonic clock. The only file that asks the runtime for the time. */

/** A point in time, on two clocks at once, in milliseconds. */
export interface Moment {
  /** Since 1970-01-01T00:00:00Z. It may be set, also backwards. */
  readonly wall: number;
  /** Since an unspecified start. It never goes back, but it may stand still while the runtime is suspended. */
  readonly steady: number;
}

/** Reads both clocks. */
export type Clock = () => Moment;

export const systemClock: Clock = () => ({ wall: Date.now(), steady: performance.now() });

/**
 * The milliseconds since an earlier moment, by the clock that saw more of them: a suspended runtime loses steady time and
 * a corrected clock loses wall time, and neither may make a thing look younger than it is.
 */
export function since(later: Moment, earlier: Moment): number {
  return Math.max(later.wall - earlier.wall, later.steady - earlier.steady, 0);
}

/** The whole seconds of the wall clock (the NumericDate of RFC 7519, section 2). */
export function unixTime(moment: Moment): bigint {
  return BigInt(Math.floor(moment.wall / 1000));
}
