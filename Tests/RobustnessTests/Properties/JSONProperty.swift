import MoEFormat

/// Whatever the text, it is JSON whose value comes back from what the writer makes of it, or an error; the model's
/// description is read from it or refused.
package enum JSONProperty {
    @discardableResult
    package static func check(_ text: [UInt8]) -> Bool {
        _ = try? JSONParser.parse(text, acceptingNonFinite: true)
        checkModel(text)
        guard let value = try? JSONParser.parse(text) else { return false }
        let written = Array(value.text.utf8)
        guard let again = try? JSONParser.parse(written) else {
            expect(false, "what the writer writes can be read")
            return true
        }
        expect(again == value, "a value comes back from its text")
        return true
    }

    private static func checkModel(_ text: [UInt8]) {
        let layers = (try? JSONParser.parse(text))?["layers"]?.array?.count ?? 0
        guard layers < 1000 else { return }
        for experts in [4, 8] {
            let counts = [Int](repeating: experts, count: layers)
            guard let model = try? ModelDescription(parsing: text, expertCounts: counts) else { continue }
            let written = Array(model.json.text.utf8)
            guard let again = try? ModelDescription(parsing: written, expertCounts: counts) else {
                expect(false, "the description that was read can be written")
                continue
            }
            expect(again == model, "a description comes back from its text")
        }
    }
}
