import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { loadAssets } from '../../src/pages/assets.ts'

const assets = loadAssets()
const named = Object.entries(assets.urls).map(([name, url]) => ({ name, asset: assets.assetFor(url) }))

describe.each(named)('$name', ({ asset }) => {
  test.each(['br', 'gzip'] as const)('is the same in %s, which makes it smaller', async (coding) => {
    expect(asset?.type).toMatch(/^\w+\/[\w.+-]+/)
    const bytes = await asset?.coded(coding)
    if (!asset || !bytes) return
    expect((coding === 'br' ? brotliDecompressSync : gunzipSync)(bytes).equals(asset.body)).toBe(true)
    expect(bytes.length).toBeLessThan(asset.body.length)
  })
})

test('the style sheet is one file, with the tokens first and without comments', async () => {
  const css = assets.assetFor(assets.urls['yideng.css'] ?? '')
  expect(css?.body.toString()).toMatch(/^:root\{/)
  expect(css?.body.toString()).not.toMatch(/\/\*|\n/)
  for (const coding of ['br', 'gzip'] as const) {
    const bytes = await css?.coded(coding)
    expect(bytes?.length).toBeLessThan(css?.body.length ?? 0)
    // made once, not for each request
    expect(await css?.coded(coding)).toBe(bytes)
  }
})

test('nothing shows what is hidden', () => {
  const css = assets.assetFor(assets.urls['yideng.css'] ?? '')?.body.toString() ?? ''
  expect(css).toContain('[hidden]{display:none !important}')
  expect(css.match(/!important/g)).toHaveLength(1)
})

test('the manifest names icons that are there', () => {
  const manifest = JSON.parse(assets.assetFor(assets.urls['yideng.webmanifest'] ?? '')?.body.toString() ?? '{}') as {
    icons: { src: string; type: string }[]
  }
  expect(manifest.icons).toHaveLength(2)
  for (const { src, type } of manifest.icons) expect(assets.assetFor(src)?.type).toBe(type)
})
