// What WeChat gives a page of a mini program, as far as the pages of examples/mini-program use it
const given = document.documentElement.dataset
const query = Object.fromEntries(new URLSearchParams(location.search))
const web = { setData: ({ address }) => (web.address = address) }
let page

window.modules = {}
window.load = (name) => {
  const module = { exports: {} }
  modules[name](load, module)
  return module.exports
}
window.getCurrentPages = () => (query.below ? [web, page] : [page])
window.wx = {
  async login({ success, fail }) {
    const answer = await fetch('/login-code', { method: 'POST' })
    if (answer.ok) success({ code: await answer.text() })
    else fail({ errMsg: 'login:fail' })
  },
  async request({ url, data, success, fail }) {
    const answer = await fetch('/request', { method: 'POST', body: JSON.stringify({ url, data }) }).catch(
      () => undefined,
    )
    if (answer) success({ statusCode: answer.status, data: await answer.json() })
    else fail({ errMsg: 'request:fail' })
  },
  navigateBack() {
    if (web.address) location.replace(`/web?address=${encodeURIComponent(web.address)}`)
    else history.back()
  },
}
window.Page = (own) => {
  page = { ...own, data: { ...own.data }, setData: (values) => show(Object.assign(page.data, values)) }
  show(page.data)
  for (const button of document.querySelectorAll('[bindtap]'))
    button.addEventListener('click', () => page[button.getAttribute('bindtap')]())
  for (const link of document.querySelectorAll('navigator')) link.addEventListener('click', () => wx.navigateBack())
  setTimeout(() => page.onLoad(query), given.waits)
}

// wx:if="{{failed}}" and wx:else
function show(data) {
  for (const part of document.querySelectorAll('[wx\\:if]')) {
    const name = part.getAttribute('wx:if').replaceAll(/[{}]/g, '')
    part.hidden = !data[name]
    if (part.nextElementSibling?.hasAttribute('wx:else')) part.nextElementSibling.hidden = Boolean(data[name])
  }
}
