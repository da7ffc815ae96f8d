const { login, ask, open } = require('./yideng.js')

// 一登的刷脸页打开这一页：微信核验人脸，结果由一登向微信查询
Page({
  data: { failed: false },
  onLoad(query) {
    this.query = query
    this.start()
  },
  start() {
    const fail = () => this.setData({ failed: true })
    const verify = ({ verify_id: verifyId, address }) =>
      wx.requestFacialVerify({ verifyId, complete: () => open(address, fail) })
    this.setData({ failed: false })
    login((code) => ask('face', { code, handle: this.query.a }, verify, fail), fail)
  },
})
