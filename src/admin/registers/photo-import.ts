import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { openFaceEngine } from '../../proofing/face/engine.ts'
import type { IdentityClaim } from '../../proofing/population-register.ts'
import { thresholds } from '../../proofing/face/thresholds.ts'
import type { Services } from '../../services.ts'

export interface PhotoImport {
  take(people: readonly IdentityClaim[]): Promise<void>
  report: { photos: number; photos_unusable: number }
}

/** Photographs may be large: they are resized before the engine reads them. */
const maxPixels = 50_000_000
const width = 640

/**
 * Imports the photographs of a directory. Yideng stores only a sealed template of each.
 * The engine compares only templates, and a stolen store shows no face.
 */
export async function photoImport({ database, faceReferences }: Services, directory: string): Promise<PhotoImport> {
  const engine = await openFaceEngine(thresholds)
  const report = { photos: 0, photos_unusable: 0 }

  async function templateOf(file: string): Promise<number[] | undefined> {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!bytes) return undefined
    const jpeg = await sharp(bytes, { limitInputPixels: maxPixels })
      .rotate()
      .resize({ width, withoutEnlargement: true })
      .jpeg()
      .toBuffer()
      .catch(() => undefined)
    const reading = jpeg && (await engine.read(jpeg, 0))
    if (reading?.faces === 1 && reading.face) return reading.face.template
    report.photos_unusable += 1
    return undefined
  }

  return {
    report,
    async take(people) {
      const found: (IdentityClaim & { template: number[] })[] = []
      for (const person of people) {
        const template = await templateOf(join(directory, `${person.documentNumber}.jpg`))
        if (template) found.push({ ...person, template })
      }
      if (found.length === 0) return
      await database.transaction().execute((transaction) => faceReferences.add(transaction, found))
      report.photos += found.length
    },
  }
}
