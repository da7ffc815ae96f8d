/** Milliseconds since 1970 UTC. Time is a parameter everywhere; only main, the command line and tests make one. */
export type Clock = () => number
