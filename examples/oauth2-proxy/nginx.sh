#!/bin/sh
# nginx asks oauth2-proxy who is there, before it lets anybody to an application that knows no OpenID Connect.
#
#   npx yideng client create --name … --for nginx --redirect-uri URL/oauth2/callback --post-logout-redirect-uri URL/
#
# prints oauth2-proxy.cfg and nginx.conf. Put them beside this file. Start: PORT=8443 ./nginx.sh
# PROXY and APPLICATION are the two addresses in the printed text; an application of one line stands at the second.
set -eu
PROXY="${PROXY:-127.0.0.1:4180}"
APPLICATION="${APPLICATION:-127.0.0.1:8080}"
here=$(pwd)
cat > site.conf <<END
daemon off;
pid $here/pid;
error_log $here/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $here/body;
  proxy_temp_path $here/proxy;
  fastcgi_temp_path $here/fastcgi;
  uwsgi_temp_path $here/uwsgi;
  scgi_temp_path $here/scgi;
  server {
    listen 127.0.0.1:$PORT;
    include $here/nginx.conf;
  }
  server {
    listen $APPLICATION;
    default_type "text/html; charset=utf-8";
    location / {
      return 200 "您好，\$http_x_person";
    }
  }
}
END
./oauth2-proxy --config oauth2-proxy.cfg --http-address "$PROXY" &
proxy=$!
trap 'kill $proxy $site' TERM INT
nginx -c "$here/site.conf" -e "$here/error.log" &
site=$!
wait $site
