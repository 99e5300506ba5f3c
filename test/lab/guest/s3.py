"""A small S3: objects of one bucket in memory, each request only with a valid signature (version 4).
Arguments: the port, the key and the secret. What it refuses it says on its standard error."""
import hashlib, hmac, re, sys, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, key, secret = int(sys.argv[1]), sys.argv[2], sys.argv[3]
objects = {}


def mac(by, text):
    return hmac.new(by, text.encode(), hashlib.sha256).digest()


class Bucket(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body=b''):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_signed(self, body):
        path, _, query = self.path.partition('?')
        match = re.match(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$', self.headers.get('Authorization', ''))
        if not match or match[1] != key:
            return False
        payload = self.headers.get('x-amz-content-sha256')
        if payload != hashlib.sha256(body).hexdigest():
            return False
        # As a store reads it: decoded, and encoded again in the one way there is.
        uri = urllib.parse.quote(urllib.parse.unquote(path), safe='/-_.~')
        pairs = sorted((urllib.parse.quote(name, safe='-_.~'), urllib.parse.quote(value, safe='-_.~')) for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True))
        headers = ''.join('%s:%s\n' % (name, ' '.join(self.headers.get(name, '').split())) for name in match[4].split(';'))
        canonical = '\n'.join([self.command, uri, '&'.join('%s=%s' % pair for pair in pairs), headers, match[4], payload])
        scope = '%s/%s/s3/aws4_request' % (match[2], match[3])
        text = '\n'.join(['AWS4-HMAC-SHA256', self.headers.get('x-amz-date', ''), scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signing = mac(mac(mac(mac(('AWS4' + secret).encode(), match[2]), match[3]), 's3'), 'aws4_request')
        return hmac.compare_digest(mac(signing, text).hex(), match[5])

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if not self.is_signed(body):
            print('refused', self.command, self.path, self.headers.get('Authorization'), file=sys.stderr, flush=True)
            return self.answer(403, b'<Error><Code>SignatureDoesNotMatch</Code></Error>')
        path, _, query = self.path.partition('?')
        name = urllib.parse.unquote(path).removeprefix('/bucket/')
        if self.command == 'PUT':
            objects[name] = body
            return self.answer(200)
        if self.command == 'DELETE':
            objects.pop(name, None)
            return self.answer(204)
        if name == '':
            prefix = dict(urllib.parse.parse_qsl(query)).get('prefix', '')
            listed = ''.join('<Contents><Key>%s</Key><ETag>"x"</ETag><Size>%d</Size></Contents>' % (each, len(data)) for each, data in sorted(objects.items()) if each.startswith(prefix))
            return self.answer(200, ('<?xml version="1.0"?>\n<ListBucketResult><IsTruncated>false</IsTruncated>%s</ListBucketResult>' % listed).encode())
        return self.answer(200, objects[name]) if name in objects else self.answer(404)

    do_GET = do_PUT = do_DELETE = handle_any


ThreadingHTTPServer(('127.0.0.1', port), Bucket).serve_forever()
