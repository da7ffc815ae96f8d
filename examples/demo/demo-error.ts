/** Something whoever started the demo can mend; the message says how. */
export class DemoError extends Error {}
