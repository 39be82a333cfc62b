@main
struct MoEConvertTool {
    static func main() {}
}
