const { issuer, channel } = require('../../yideng.js')

// 一登的登录页打开这一页：a 是句柄，l 是登录过程的编号
Page({
  data: { failed: false },
  onLoad(query) {
    this.query = query
    this.signIn()
  },
  signIn() {
    const fail = () => this.setData({ failed: true })
    this.setData({ failed: false })
    my.getAuthCode({
      scopes: 'auth_base',
      fail,
      success: ({ authCode: code }) =>
        my.request({
          url: `${issuer}/api/channel/${channel}/ticket`,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          timeout: 10000,
          data: { code, handle: this.query.a },
          fail,
          success: ({ status, data }) => (status === 200 ? this.enter(data.ticket) : fail()),
        }),
    })
  },
  // 票据只交给打开这一页的网页；别的浏览器拿到也没有用
  enter(ticket) {
    const pages = getCurrentPages()
    const web = pages[pages.length - 2]
    if (!web) return this.setData({ failed: true })
    const login = `${issuer}/login/${encodeURIComponent(this.query.l)}`
    web.setData({ address: `${login}/channel/${channel}/enter?t=${encodeURIComponent(ticket)}` })
    my.navigateBack()
  },
})
