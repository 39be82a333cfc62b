import MoEFormat

/// The page: one file that loads nothing, runs its own script and no other, and shows names as text.
enum ReportPage {
    /// The page's bytes; the same data give the same.
    static func bytes(_ data: JSONValue) -> [UInt8] {
        let (style, script) = (PackageResources.report_css, PackageResources.report_js)
        let policy = [
            "default-src 'none'", "script-src 'sha256-\(SHA256.base64(of: script))'",
            "style-src 'sha256-\(SHA256.base64(of: style))'", "base-uri 'none'", "form-action 'none'",
        ].joined(separator: "; ")
        let head = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>moe-inspect report</title>
            <style>
            """
        var page = Array(head.utf8)
        // The style begins right behind its tag, as the hash in the policy takes it.
        page += style + Array("</style>\n</head>\n<body>\n".utf8) + PackageResources.report_html
        page += Array("<script type=\"application/json\" id=\"data\">\(embedded(data))</script>\n<script>".utf8)
        page += script + Array("</script>\n</body>\n</html>\n".utf8)
        return page
    }

    /// JSON that no HTML parser sees markup in. JSON's own escapes stand for what could begin any, so its value is the same;
    /// line separators are escaped already.
    static func embedded(_ data: JSONValue) -> String {
        var text = ""
        for scalar in data.text.unicodeScalars {
            switch scalar {
            case "<": text += "\\u003c"
            case ">": text += "\\u003e"
            case "&": text += "\\u0026"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
