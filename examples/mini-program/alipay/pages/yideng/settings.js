// 改成您自己的：一登的地址、渠道编号（YIDENG_CHANNELS 中的 id）、门户的首页
module.exports = {
  issuer: 'https://login.example.gov.cn',
  channel: 'yss-alipay',
  portal: 'https://portal.example.gov.cn/',
}
