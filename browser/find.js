// Shows the rows of a list whose names have the typed text. The text stays in the browser.
{
  const field = document.querySelector('[data-finds]')
  const rows = [...document.querySelectorAll('[data-find]')]
  const places = [...document.querySelectorAll('[data-place]')]
  const none = document.querySelector('[data-none]')

  /** Letters and digits alone: "fo shan" finds Foshan. */
  const plain = (text) =>
    text
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]/gu, '')

  field.addEventListener('input', () => {
    const typed = plain(field.value)
    for (const row of rows) row.hidden = !plain(row.dataset.find).includes(typed)
    for (const place of places) place.hidden = !place.querySelector('[data-find]:not([hidden])')
    none.hidden = rows.some((row) => !row.hidden)
  })
}
