// Asks the app around the page for a token of the carrier when the form is sent. Without one, a code comes by text.
const field = document.querySelector('input[name="carrier_token"]')
const bridge = window.yidengOneTap
const patienceMs = 4000

if (field && typeof bridge?.token === 'function') {
  let asked = false
  field.form.addEventListener('submit', async (event) => {
    if (asked) return
    asked = true
    event.preventDefault()
    const late = new Promise((resolve) => setTimeout(resolve, patienceMs))
    try {
      field.value = (await Promise.race([bridge.token(), late])) ?? ''
      field.form.elements.carrier_kind.value = bridge.kind ?? 'app'
    } catch {
      // no mobile network, or the person did not agree
    }
    // a form is not sent again while its event still runs
    setTimeout(() => field.form.requestSubmit(event.submitter))
  })
}
