import CommandSupport
import ConvertCommands

@main
struct MoEConvertTool {
    static func main() {
        ConvertWorker.runIfAsked()
        CommandRunner.main(ConvertCommand.self)
    }
}
