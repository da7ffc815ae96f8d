// A damaged file of config/ stops the program while its modules load: one sentence instead of a stack trace.

/** Loads modules. A file that cannot be used (src/config/machine-errors.ts) ends the process. */
export async function orOneSentence(load) {
  try {
    return await load()
  } catch (error) {
    if (error?.name !== 'UnusableFile') throw error
    const { consoleWords } = await import('../src/text/console-words.ts')
    console.error(consoleWords(process.env).say(error.message))
    return process.exit(1)
  }
}
