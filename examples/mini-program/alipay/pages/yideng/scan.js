const { issuer } = require('./settings.js')
const { login, ask } = require('./yideng.js')

// “扫一扫”打开这一页：先把扫到的内容交给一登，再打开网页，因为二维码几秒钟就会更换
Page({
  data: { address: '', foreign: false },
  onLoad(query) {
    const frame = decodeURIComponent(query.q || '')
    const open = (address) => this.setData({ address })
    const directly = () => open(frame)
    if (!frame.startsWith(`${issuer}/q/`)) this.setData({ foreign: true })
    else login((code) => ask('scan', { frame, code }, ({ url }) => open(url), directly), directly)
  },
})
