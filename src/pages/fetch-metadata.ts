/** Request headers of a browser that fetches a page before the person opens it. */
const prefetchHeaders = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz']

interface WithHeaders {
  get(header: string): string
}

/** Whether the browser fetches this page before the person opens it, as a prefetch or a prerender. */
export const isPrefetched = (ctx: WithHeaders): boolean => prefetchHeaders.some((header) => ctx.get(header) !== '')

/** What embeds or fetches this page (Fetch Metadata), such as `iframe`; undefined for a page that is opened, and from old browsers. */
export function embedding(ctx: WithHeaders): string | undefined {
  const destination = ctx.get('sec-fetch-dest')
  return destination === '' || destination === 'document' ? undefined : destination
}
