import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { loadAssets } from '../../src/pages/assets.ts'

const assets = loadAssets()
const named = Object.entries(assets.urls).map(([name, url]) => ({ name, asset: assets.assetFor(url) }))

describe.each(named)('$name', ({ asset }) => {
  test('is the same in each coding, which makes it smaller', () => {
    expect(asset?.type).toMatch(/^\w+\/[\w.+-]+/)
    const { body = Buffer.alloc(0), coded = {} } = asset ?? {}
    for (const [coding, bytes] of Object.entries(coded)) {
      expect((coding === 'br' ? brotliDecompressSync : gunzipSync)(bytes).equals(body)).toBe(true)
      expect(bytes.length).toBeLessThan(body.length)
    }
  })
})

test('the style sheet is one file, with the tokens first and without comments', () => {
  const css = assets.assetFor(assets.urls['yideng.css'] ?? '')
  expect(css?.body.toString()).toMatch(/^:root\{/)
  expect(css?.body.toString()).not.toMatch(/\/\*|\n/)
  expect(Object.keys(css?.coded ?? {})).toEqual(['br', 'gzip'])
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
