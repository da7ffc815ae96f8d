import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { launchBrowser } from '../setup/browser.ts'
import { shown } from './shown.ts'
import { look, pictureOf } from './site.ts'

/** Makes the pictures of pages in docs/images/pages (npm run docs:images): each at two widths, normal, in 关怀版 and dark. */
const folder = fileURLToPath(new URL('../../docs/images/pages/', import.meta.url))
const only = process.argv[2] ?? ''
const widths = [
  { width: 360, height: 740, scale: 1.5 },
  { width: 1280, height: 800, scale: 1 },
]
const modes = [
  { mode: 'normal', colorScheme: 'light', elder: false },
  { mode: 'elder', colorScheme: 'light', elder: true },
  { mode: 'dark', colorScheme: 'dark', elder: false },
] as const

mkdirSync(folder, { recursive: true })
const browser = await launchBrowser()
for (const { width, height, scale } of widths)
  for (const { mode, colorScheme, elder } of modes) {
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale, colorScheme })
    for (const one of shown) {
      if (one.picture === false || !one.name.includes(only)) continue
      const usual = width < 700 ? one.phone : one.computer
      await look(page, elder ? { ...(one.elder ?? usual), elder } : usual)
      await sharp(await pictureOf(page))
        .webp({ quality: 60, effort: 4, smartSubsample: true })
        .toFile(`${folder}${one.name}-${width}-${mode}.webp`)
    }
    await page.close()
  }
await browser.close()
const sizes = readdirSync(folder).map((name) => statSync(folder + name).size)
console.log(`${sizes.length} pictures, ${sizes.reduce((sum, size) => sum + size, 0)} bytes`)
