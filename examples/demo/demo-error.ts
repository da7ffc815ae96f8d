/** A problem that the user of the demo can fix; the message shows how. */
export class DemoError extends Error {}
