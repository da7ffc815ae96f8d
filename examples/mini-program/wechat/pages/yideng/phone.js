const { issuer, channel } = require('../../yideng.js')

// 一登的手机号页打开这一页：a 是句柄
Page({
  data: { failed: false },
  onLoad(query) {
    this.query = query
  },
  // 按钮 getPhoneNumber 的结果；本人不同意时没有 code
  agree({ detail: { code } }) {
    const fail = () => this.setData({ failed: true })
    if (!code) return wx.navigateBack()
    this.setData({ failed: false })
    wx.login({
      fail,
      success: ({ code: login }) =>
        wx.request({
          url: `${issuer}/api/channel/${channel}/phone`,
          method: 'POST',
          timeout: 10000,
          data: { code, login, handle: this.query.a },
          fail,
          success: ({ statusCode, data }) => (statusCode === 200 ? this.back(data.address) : fail()),
        }),
    })
  },
  back(address) {
    const pages = getCurrentPages()
    const web = pages[pages.length - 2]
    if (!web) return this.setData({ failed: true })
    web.setData({ address })
    wx.navigateBack()
  },
})
