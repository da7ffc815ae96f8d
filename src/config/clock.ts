/** Returns milliseconds since 1970 UTC. Time is a parameter; only main, the command line and tests make a clock. */
export type Clock = () => number
