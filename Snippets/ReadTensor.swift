// Reads one tensor, some rows of another, and one expert's share of a stacked one.

// snippet.hide
import MoEFormat

let path = CommandLine.arguments.dropFirst().first ?? "fixtures/written/mixtral.moe"
// snippet.show
let file = try ModelFile(opening: path)
for index in 0..<min(file.tensorCount, 3) {
    let tensor = try file.tensor(at: index)
    let bytes = try file.bytes(of: tensor)  // little-endian, in C order, every chunk checked
    print("\(tensor.name): \(tensor.dtype)\(tensor.shape), \(bytes.count) bytes, content \(tensor.contentHash)")

    if let rows = tensor.shape.first, rows > 1 {
        let half = try file.bytes(of: tensor, rows: 0..<rows / 2)  // decodes only the chunks that hold these rows
        print("its first \(rows / 2) rows are \(half.count) bytes")
    }
}
