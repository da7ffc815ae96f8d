import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { launchBrowser } from '../setup/browser.ts'
import { shown } from './shown.ts'
import { look, pictureOf } from './site.ts'

/** Makes pairs of pictures, mock at the left and page at the right: `npm run docs:pairs FOLDER_OF_MOCKS FOLDER_OF_PAIRS`. */
const [mocks, pairs, only = ''] = process.argv.slice(2)
if (mocks === undefined || pairs === undefined) throw new Error('name the folder of mocks and the folder of pairs')

const widths = [
  { width: 360, height: 740, scale: 2, as: 720 },
  { width: 1280, height: 800, scale: 1, as: 1000 },
]
const gap = 16

mkdirSync(pairs, { recursive: true })
const browser = await launchBrowser()
for (const { width, height, scale, as } of widths) {
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale })
  const picture = async () => {
    return sharp(await pictureOf(page))
      .resize({ width: as })
      .extend({ right: gap, background: '#000000' })
      .toBuffer()
  }
  for (const { name, mock, phone, computer } of shown) {
    if (mock === undefined || !name.includes(only)) continue
    await page.unrouteAll()
    await page.goto(pathToFileURL(resolve(mocks, `${mock}.html`)).href)
    const wanted = await picture()
    await look(page, width < 700 ? phone : computer)
    const real = await picture()
    await sharp([wanted, real], { join: { across: 2, valign: 'top', background: '#000000' } })
      .png({ palette: true })
      .toFile(join(pairs, `${mock}-${width}.png`))
  }
  await page.close()
}
await browser.close()
const known = new Set(shown.map(({ mock }) => `${mock}.html`))
console.log(
  `without a page: ${readdirSync(mocks)
    .filter((name) => !known.has(name))
    .join(' ')}`,
)
