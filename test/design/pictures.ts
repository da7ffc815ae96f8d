import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { launchBrowser } from '../setup/browser.ts'
import { componentsData } from './components-data.ts'
import { look } from './site.ts'

/** Makes the pictures of docs/design.md (npm run docs:design): each component in light above the same in dark. */
const folder = fileURLToPath(new URL('../../docs/images/design/', import.meta.url))
const margin = 12

const iconGrid = `.icons { display: grid; grid-template-columns: repeat(5, 1fr); gap: 0.75rem; font-size: var(--t-tiny) }
  .icons > span { display: grid; justify-items: center; margin: 0 }`

mkdirSync(folder, { recursive: true })
const browser = await launchBrowser()

/** Pictures of every component, by its name. */
async function shots(colorScheme: 'light' | 'dark'): Promise<Map<string, Buffer>> {
  const page = await browser.newPage({ viewport: { width: 480, height: 800 }, colorScheme })
  await look(page, { view: 'design/components', data: componentsData })
  await page.evaluate("document.querySelectorAll('.toast-over').forEach((one) => one.classList.remove('toast-over'))")
  await page.addStyleTag({ content: iconGrid })
  const pictures = new Map<string, Buffer>()
  for (const [selector, name] of [
    ['.bar', 'header'],
    ['.foot', 'footer'],
  ] as const)
    pictures.set(name, await page.locator(selector).screenshot())
  for (const part of await page.locator('[data-component]').all())
    pictures.set((await part.getAttribute('data-component')) ?? '', await part.screenshot({ animations: 'disabled' }))
  await page.close()
  return pictures
}

const grounds = { light: '#f7f4ed', dark: '#151a18' } as const
const [light, dark] = [await shots('light'), await shots('dark')]
for (const [name, above] of light) {
  const below = dark.get(name) ?? above
  const padded = await Promise.all(
    (
      [
        [above, grounds.light],
        [below, grounds.dark],
      ] as const
    ).map(([picture, background]) =>
      sharp(picture).extend({ top: margin, bottom: margin, left: margin, right: margin, background }).toBuffer(),
    ),
  )
  await sharp(padded, { join: { across: 1 } })
    .png({ palette: true, compressionLevel: 9 })
    .toFile(`${folder}${name}.png`)
}
await browser.close()
console.log(`${light.size} pictures`)
