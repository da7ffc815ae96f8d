const { issuer, channel } = require('../../yideng.js')

// 一登的刷脸页打开这一页：a 是句柄
Page({
  data: { failed: false },
  onLoad(query) {
    this.query = query
    this.begin()
  },
  begin() {
    const fail = () => this.setData({ failed: true })
    this.setData({ failed: false })
    wx.login({
      fail,
      success: ({ code }) =>
        wx.request({
          url: `${issuer}/api/channel/${channel}/face`,
          method: 'POST',
          timeout: 10000,
          data: { code, handle: this.query.a },
          fail,
          success: ({ statusCode, data }) => (statusCode === 200 ? this.verify(data) : fail()),
        }),
    })
  },
  // 通过与否由一登向微信查询；无论怎样都回到网页
  verify({ verify_id: verifyId, address }) {
    wx.requestFacialVerify({ verifyId, complete: () => this.back(address) })
  },
  back(address) {
    const pages = getCurrentPages()
    const web = pages[pages.length - 2]
    if (!web) return this.setData({ failed: true })
    web.setData({ address })
    wx.navigateBack()
  },
})
